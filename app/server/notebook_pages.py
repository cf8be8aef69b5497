"""What is shown in the place of a notebook that does not run (yet)."""

from __future__ import annotations

import json
from html import escape

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from sdcviz.jobs.model import FINAL, State

from .notebook_places import Seen

__all__ = ["waiting_page"]

_SENTENCES = {
    State.QUEUED: "The notebook waits for its turn.",
    State.STARTING: "The notebook starts.",
    State.RUNNING: "JupyterLab starts.",
    State.PAUSED: "The notebook is paused.",
    State.HIBERNATED: "The notebook hibernates: its files are kept, its kernel has ended.",
    State.DONE: "The notebook was shut down; its files are kept with the job.",
    State.CANCELLED: "The notebook was stopped; its files are kept with the job.",
}
_ACTIONS = {State.PAUSED: ("resume", "Resume"), State.HIBERNATED: ("wake", "Wake it up")}


def waiting_page(seen: Seen, request: Request) -> Response:
    """Return a page that says how the notebook stands, and goes on to it when it is there."""
    job = seen.job
    state = job.state if job else State.QUEUED
    sentence = seen.sentence or _SENTENCES.get(state, f"The notebook {state}.")
    if job and job.reason:
        sentence = f"{sentence} {job.reason}"
    wants_page = "text/html" in request.headers.get("accept", "")
    if not wants_page or request.method not in {"GET", "HEAD"}:
        return JSONResponse({"detail": sentence, "state": str(state)}, 503)
    home = f"{request.scope.get('root_path', '')}/"
    action, label = _ACTIONS.get(state, ("", ""))
    again = state not in FINAL and not action
    page = _PAGE.format(
        sentence=escape(sentence),
        home=escape(home),
        button=f'<button id="go">{label}</button>' if action else "",
        bar="<progress></progress>" if again else "",
        action=json.dumps(f"{home}api/jobs/{job.id}/{action}" if job and action else ""),
        again=json.dumps(again),
    )
    headers = {"Cache-Control": "no-store", "Retry-After": "1"}
    return HTMLResponse(page, 503 if again else 409, headers=headers)


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>sdcviz: notebook</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 36rem;
       margin: 20vh auto; padding: 0 1rem; }}
button {{ font: inherit; padding: .4rem 1rem; }}
progress {{ width: 100%; }}
</style>
<p id="told">{sentence}</p>{bar}<p>{button}</p><p><a href="{home}">Back to sdcviz</a></p>
<script>
const action = {action}, again = {again}
if (again) setTimeout(() => location.reload(), 700)
if (action) document.getElementById('go').addEventListener('click', async event => {{
  event.target.disabled = true
  const answer = await fetch(action, {{method: 'POST'}})
  if (answer.ok) return location.reload()
  document.getElementById('told').textContent = (await answer.json()).detail
  event.target.disabled = false
}})
</script></html>
"""
