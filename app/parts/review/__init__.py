"""Parts of the workbench of reviewers."""
