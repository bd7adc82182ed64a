"""Parts of screens. Each gets plain data and posts messages; none of them asks the store anything."""
