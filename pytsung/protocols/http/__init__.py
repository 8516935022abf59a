"""HTTP/1.0 and HTTP/1.1 sessions (`ts_http`, `ts_webdav`).

`requests` is what a configuration asks for, `reading` and `resolution` how that is
read; `conversation` joins the two halves of an exchange: what is sent (`places`,
`composition`, `authorization`, `oauth`, `cookies`) and what comes back (`heads`,
`chunks`, `answers`, `codings`).
"""
