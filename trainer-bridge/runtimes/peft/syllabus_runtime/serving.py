"""python -m syllabus_runtime.serving STUDENT --name NAME [--adapter NAME=FOLDER ...] [--chat JSON] [--port N] [--max-rows N] [--max-new-tokens N]

An OpenAI-compatible chat endpoint over one student and its adapters, each a model with a name of its own, on the loopback
interface. It says {"event": "listening", "port": n} on stdout when the student is loaded, then a heartbeat every few seconds.

V1 A request that is wrong is answered with HTTP 4xx and what to fix, and costs no other; one that fails otherwise, with 500.
V2 The end of input ends the process.
V3 A page of another host is refused, whatever its method, and so is another name of this host, which such a page may have made it be
   called (DNS rebinding): a browser sends its requests to the loopback interface too.
V4 A field that would change the reply and is not supported is refused, not ignored.
"""

import argparse
import json
import logging
import os
import queue
import re
import select
import socket
import sys
import threading
import time
import traceback
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from . import fields
from .errors import RequestError, failing_as
from .memory import rss_mb
from .process import begin_protocol

log = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 5.0
LARGEST_BODY = 4 * 1024 * 1024
# A connection that sends nothing for so long is closed; more at a time than this are closed at once.
IDLE_SECONDS = 60.0
MOST_CONNECTIONS = 512
STATUSES = {"bad_request": 400, "bad_student": 400, "cancelled": 503}
# Characters at the end of a reply that is not finished which are kept back: they may be the beginning of a tag, which is no answer.
HELD_CHARS = 32
OWN_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)
# What a request may ask of these fields, beside null: that they change nothing.
WITHOUT_EFFECT = {
    "tools": [[]],
    "functions": [[]],
    "response_format": [{"type": "text"}],
    "n": [1],
    "best_of": [1],
    "stop": [[], ""],
    "logprobs": [False],
    "top_logprobs": [0],
    "logit_bias": [{}],
    "presence_penalty": [0],
    "frequency_penalty": [0],
    "repetition_penalty": [1],
    "top_k": [0, -1],
    "min_p": [0],
    "modalities": [["text"]],
}


class ChatServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, models: dict[str, str | None], load, max_rows: int, settings):
        """`models`: the adapter's folder by the model's name, None for the bare student; `settings`: see InferenceSettings."""
        from .completions import Completions

        self.models = models
        self.settings = settings
        self.completions = Completions(load, max_rows, settings)
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request, client_address) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request, client_address) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request, client_address) -> None:
        log.debug("a connection failed", exc_info=True)

    @property
    def student(self):
        return self.completions.student

    @property
    def context(self) -> int:
        return self.student.context or 1_000_000


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ChatServer
    timeout = IDLE_SECONDS

    def parse_request(self) -> bool:
        """Of every method (V3). The body of a refused request is not read, so the connection ends."""
        if not super().parse_request():
            return False
        host, origin = self.headers.get("host"), self.headers.get("origin")
        if host is not None and not OWN_HOST.fullmatch(host):
            refusal = f"the host name {host[:80]!r} is not served here; ask for 127.0.0.1 or localhost"
        elif origin is not None and not OWN_HOST.fullmatch(re.sub("^https?://", "", origin)):
            refusal = "pages of other hosts are not answered"
        else:
            return True
        self.close_connection = True
        self._fail(403, refusal)
        return False

    def do_GET(self) -> None:
        path = self._path()
        about = {"object": "model", "owned_by": "syllabus", "context_length": self.server.context}
        models = {name: {"id": name, **about} for name in self.server.models}
        name = path.removeprefix("/v1/models/")
        if path == "/v1/models":
            self._send(200, {"object": "list", "data": list(models.values())})
        elif name != path:
            self._send(200, models[name]) if name in models else self._no_model(name)
        elif path == "/v1/chat/completions":
            self._fail(405, "ask it with POST, not GET", allow="POST")
        else:
            self._fail(404, f"there is no {path}; ask for /v1/models or /v1/chat/completions")

    def do_POST(self) -> None:
        try:
            body = self._body()
            path = self._path()
            if re.match("/v1/models(/|$)", path):
                return self._fail(405, "ask it with GET, not POST", allow="GET")
            if path != "/v1/chat/completions":
                return self._fail(404, f"there is no {path}; ask for /v1/chat/completions")
            model = body.get("model")
            if not isinstance(model, str) or model not in self.server.models:
                return self._no_model(model)
            self._complete(body, fields.flag(body, "stream", False))
        except RequestError as error:
            self._fail(STATUSES.get(error.kind, 500), str(error))
        except (TimeoutError, ConnectionError):
            self.close_connection = True
        except Exception as error:
            log.exception("a request failed")
            self._fail(500, f"{type(error).__name__}: {error}")

    def _path(self) -> str:
        return unquote(self.path.partition("?")[0])

    def _no_model(self, name) -> None:
        self._fail(404, f"there is no model {name!r}; there is {', '.join(map(repr, self.server.models))}", "model_not_found")

    def _body(self) -> dict:
        given = self.headers.get("content-length") or ""
        if not re.fullmatch("[0-9]{1,9}", given) or int(given) > LARGEST_BODY:
            # Where the body ends, and with it the request, nobody knows.
            self.close_connection = True
            raise RequestError("bad_request", f"content-length must be a number up to {LARGEST_BODY}, not {given[:40]!r}")
        with failing_as("bad_request", "the body is no JSON", (ValueError, RecursionError)):
            body = json.loads(self.rfile.read(int(given)))
        if not isinstance(body, dict):
            raise RequestError("bad_request", "the body must be an object")
        return body

    def _complete(self, body: dict, streams: bool) -> None:
        from .chat import encode_chat
        from .chat_template import chat_template_of
        from .completions import Completion
        from .inference import room_of
        from .sampling import Sampling

        for name, neutral in WITHOUT_EFFECT.items():
            if body.get(name) is not None and body[name] not in neutral:
                raise RequestError("bad_request", f"{name} is not supported; leave it out")
        server, student, context = self.server, self.server.student, self.server.context
        longest, chat = server.settings.max_new_tokens, server.settings.chat
        prompt = encode_chat(student.tokenizer, _messages(body), chat)
        room = context - len(prompt) - (room_of(student, server.settings) - longest)
        if room < 1:
            raise RequestError("bad_request", f"the prompt has {len(prompt)} tokens and the context length is {context}: shorten it")
        asked = fields.number(body, "max_tokens", 1, fields.number(body, "max_completion_tokens", 1, longest, whole=True), whole=True)
        sampling = Sampling(
            fields.number(body, "temperature", 0, 1.0),
            fields.number(body, "top_p", 0, 1.0, positive=True),
            fields.number(body, "seed", 0, int.from_bytes(os.urandom(4), "big"), whole=True),
        )
        limit = min(asked, longest, room)
        wanted = Completion(prompt, limit, sampling, server.models[body["model"]], self._is_connected)
        read = chat_template_of(student.tokenizer, chat).read
        about = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": body["model"]}
        if streams:
            options = body.get("stream_options")
            return self._stream(wanted, read, about, isinstance(options, dict) and options.get("include_usage") is True)
        reply = server.completions.complete(wanted)
        split = read(reply.tokens)
        message = {"role": "assistant", "content": split.answer, **({"reasoning_content": split.thoughts} if split.thoughts else {})}
        choice = {"index": 0, "message": message, "finish_reason": reply.finish}
        self._send(200, {**about, "object": "chat.completion", "choices": [choice], "usage": _usage(prompt, reply)})

    def _stream(self, wanted, read, about: dict, usage: bool) -> None:
        """The reply as server-sent events, a piece at a time; what failed before its first token is answered as without a stream."""
        grown: queue.SimpleQueue = queue.SimpleQueue()
        wanted.on_tokens = lambda tokens: grown.put(tokens and list(tokens))
        self.server.completions.begin(wanted)
        tokens = grown.get()
        if wanted.error is not None:
            raise wanted.error
        self.close_connection = True
        self.send_response(200)
        for name, value in {"content-type": "text/event-stream", "cache-control": "no-store", "connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        chunk = {**about, "object": "chat.completion.chunk"}
        delta: dict = {"role": "assistant"}
        sent = {"reasoning_content": "", "content": ""}
        while True:
            # All that has come since counts as one piece.
            while tokens is not None and not grown.empty():
                tokens = grown.get()
            ended = tokens is None
            if ended and wanted.error is not None:
                return self._event({"error": {"message": str(wanted.error), "type": "server_error", "code": None}})
            split = read(wanted.reply.tokens if ended else tokens)
            for name, text in {"reasoning_content": split.thoughts or "", "content": split.answer}.items():
                sure = text if ended else text[:-HELD_CHARS]
                if len(sure) > len(sent[name]) and sure.startswith(sent[name]):
                    delta[name] = sure[len(sent[name]) :]
                    sent[name] = sure
            if delta:
                self._event({**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            if ended:
                break
            delta = {}
            tokens = grown.get()
        self._event({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": wanted.reply.finish}]})
        if usage:
            self._event({**chunk, "choices": [], "usage": _usage(wanted.prompt, wanted.reply)})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, data: dict) -> None:
        self.wfile.write(b"data: " + json.dumps(data).encode() + b"\n\n")

    def _is_connected(self) -> bool:
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return not readable or self.connection.recv(1, socket.MSG_PEEK) != b""
        except OSError:
            return False

    def _fail(self, status: int, message: str, code: str | None = None, **headers: str) -> None:
        kind = "invalid_request_error" if status < 500 else "server_error"
        self._send(status, {"error": {"message": message, "type": kind, "code": code}}, **headers)

    def _send(self, status: int, answer: dict, **headers: str) -> None:
        text = json.dumps(answer).encode()
        try:
            self.send_response(status)
            for name, value in {"content-type": "application/json", "content-length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            if self.close_connection:
                self.send_header("connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args) -> None:
        log.debug(format, *args)


def _usage(prompt: list[int], reply) -> dict:
    usage = {"prompt_tokens": len(prompt), "completion_tokens": len(reply.tokens)}
    return {**usage, "total_tokens": sum(usage.values())}


def _messages(body: dict) -> list[dict]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RequestError("bad_request", "field 'messages' must be a list with at least one turn")
    for each in messages:
        if not isinstance(each, dict) or each.get("role") not in ("system", "user", "assistant"):
            raise RequestError("bad_request", "each message must be an object with the role system, user or assistant")
    return [{"role": each["role"], "content": fields.whole_text(_content(each))} for each in messages]


def _content(message: dict) -> str:
    """Its text; of a list of parts, which must be texts, each on a line of its own, as vLLM and llama.cpp put them together."""
    parts = message.get("content")
    if not isinstance(parts, list):
        return fields.text(message, "content")
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else part
        if kind != "text":
            raise RequestError("bad_request", f"a part of content of type {str(kind)[:80]!r} is not supported; send parts of type 'text' alone")
    if not parts:
        raise RequestError("bad_request", "field 'content' must be a string, or a list with at least one part of text")
    return "\n".join(fields.text(part, "text", where="a part of content: ") for part in parts)


def main() -> None:
    wire = begin_protocol()
    parser = argparse.ArgumentParser(prog="syllabus_runtime.serving")
    parser.add_argument("student")
    parser.add_argument("--name", required=True, help="the bare student's name in requests")
    parser.add_argument("--adapter", action="append", default=[], metavar="NAME=FOLDER", help="another model: the student with this adapter")
    parser.add_argument("--chat", type=json.loads, default={}, help="how its chat template is filled in and how long it may think")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--max-rows", type=int, default=16, help="requests answered as one batch")
    parser.add_argument("--max-new-tokens", type=int, default=512, help="longest reply, whatever is asked for")
    given = parser.parse_args()

    def beat() -> None:
        while True:
            wire.send({"event": "heartbeat", "rss_mb": rss_mb()})
            time.sleep(HEARTBEAT_SECONDS)

    def end_with_input() -> None:
        sys.stdin.buffer.read()
        # A batch in hand is not waited for, nor a student that is still loading.
        sys.stderr.flush()
        os._exit(0)

    threading.Thread(target=beat, daemon=True).start()
    threading.Thread(target=end_with_input, daemon=True).start()
    from .inference import parse_inference
    from .lora import put_on
    from .student import StudentCache

    students = StudentCache()
    settings = parse_inference({**given.chat, "max_new_tokens": given.max_new_tokens})
    adapters = dict(each.split("=", 1) for each in given.adapter)
    for folder in adapters.values():
        put_on(students.get(given.student, None, bf16=True), folder)
    models = {given.name: None, **adapters}
    server = ChatServer(given.port, models, lambda: students.get(given.student, None, bf16=True), given.max_rows, settings)
    wire.send({"event": "listening", "port": server.server_address[1]})
    server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except RequestError as error:
        print(error, file=sys.stderr, flush=True)
    except Exception:
        traceback.print_exc()
    # Not by sys.exit: a thread that waits for input makes the interpreter abort, whose words would stand last in place of these.
    os._exit(1)
