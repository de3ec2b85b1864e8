"""From files, folders and URLs to stored, indexed passages."""
