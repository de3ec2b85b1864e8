"""What the subcommands of `footnote eval` do; imported when one is run."""
