"""Who may do what: tokens of programs; people, roles and pools later."""

from .tokens import SCOPES, Token, check_token, list_tokens, make_token, revoke_token

__all__ = ["SCOPES", "Token", "check_token", "list_tokens", "make_token", "revoke_token"]
