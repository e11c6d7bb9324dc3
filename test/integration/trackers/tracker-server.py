"""Checks with the trackers' own packages: `files <runs> <run>` reads event files; `mlflow <address> <run>` asks a server.

`wandb <port>` plays as much of W&B's server as `wandb sync` asks for, and prints what it is sent, a line of JSON each.
"""

import glob
import gzip
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def event_files(runs, run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = {}
    for folder in sorted(glob.glob(f"{runs}/{run}/tensorboard/*")):
        events = EventAccumulator(folder, size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        tags = events.Tags()
        scalars = {name: [[each.step, each.value] for each in events.Scalars(name)] for name in tags["scalars"]}
        found[folder.split("/")[-1]] = {"scalars": scalars, "texts": tags["tensors"]}
    return found


def mlflow_runs(address, run):
    import mlflow

    mlflow.set_tracking_uri(address)
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("syllabus")
    found = client.search_runs([experiment.experiment_id], f"tags.`syllabus.run` = '{run}'", max_results=100)
    names = {each.info.run_id: each.data.tags["syllabus.series"] for each in found}
    return {
        names[each.info.run_id]: {
            "status": each.info.status,
            "parent": names.get(each.data.tags.get("mlflow.parentRunId")),
            "params": each.data.params,
            "metrics": {
                name: [[entry.step, entry.value] for entry in client.get_metric_history(each.info.run_id, name)]
                for name in each.data.metrics
            },
            "files": sorted(file.path for file in client.list_artifacts(each.info.run_id)),
        }
        for each in found
    }


SHOWING = threading.Lock()


def show(value):
    with SHOWING:
        print(json.dumps(value), flush=True)


class Wandb(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        value = {}
        if self.path.startswith("/graphql"):
            asked = json.loads(body)
            name = re.search(r"(?:query|mutation)\s+(\w+)", asked["query"]).group(1)
            value = graphql(name, asked.get("variables") or {}, self.server.server_port)
        elif self.path.startswith("/files/") or self.path.startswith("/up/"):
            show({"path": self.path, "body": body.decode()})
        sent = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_PUT = answer


def graphql(name, variables, port):
    if name == "UpsertBucket":
        show({"run": variables["name"], "group": variables.get("groupName")})
        project = {"id": "p", "name": variables.get("project"), "entity": {"id": "e", "name": "me"}}
        bucket = {"id": "b", "name": variables["name"], "config": "{}", "historyLineCount": 0, "project": project}
        return {"data": {"upsertBucket": {"bucket": bucket, "inserted": True}}}
    if name == "CreateRunFiles":
        files = [{"name": file, "uploadUrl": f"http://127.0.0.1:{port}/up/{file}"} for file in variables["files"]]
        return {"data": {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": files}}}
    if name == "Viewer":
        return {"data": {"viewer": {"id": "u", "entity": "me", "username": "me", "flags": "{}", "teams": {"edges": []}}}}
    return {"data": None, "errors": [{"message": f"no {name} here"}]}


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "wandb":
        server = ThreadingHTTPServer(("127.0.0.1", 0), Wandb)
        show({"port": server.server_port})
        server.serve_forever()
    show({"files": event_files, "mlflow": mlflow_runs}[what](*rest))
