"""Refuses pages of other hosts, and other names of this host, which such a page may have made it be called (DNS rebinding).

vLLM is started with `--middleware own_host.OwnHost`.
"""

import re

OWN = re.compile(rb"(https?://)?(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)


class OwnHost:
    def __init__(self, app) -> None:
        self._app = app

    async def __call__(self, scope, receive, send) -> None:
        headers = dict(scope.get("headers") or [])
        named = [headers[name] for name in (b"host", b"origin") if name in headers]
        if scope["type"] != "http" or all(OWN.fullmatch(name) for name in named):
            await self._app(scope, receive, send)
            return
        body = b'{"error": {"message": "pages and names of other hosts are not answered; ask for 127.0.0.1 or localhost", "code": 403}}'
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})
