"""Configuration as text: the same plain data is read from a file and from the database, compared, and
written.

A section (`sections/`) knows its shape (`schema`), what the database holds in that shape (`read`), and
how to write it. `reading` turns YAML into plain data with line numbers, `diffing` compares plain data,
`applying` writes what differs and publishes it, `exporting` prints the file.
"""
