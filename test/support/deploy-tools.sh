#!/bin/sh
# Fetches what the tests of deploy/ need and npm has no package of: helm (built by Go), and validators with the schemas of Kubernetes and Compose.
set -eu
folder=$(dirname "$0")/../../node_modules/.cache/deploy-tools
mkdir -p "$folder/bin"
folder=$(cd "$folder" && pwd)
[ -x "$folder/bin/helm" ] || GOBIN="$folder/bin" go install helm.sh/helm/v3/cmd/helm@v3.19.0
[ -x "$folder/venv/bin/check-jsonschema" ] || {
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet kubernetes-validate==1.34.1 check-jsonschema==0.39.0
}
for name in kubernetes-validate check-jsonschema; do ln -sf "$folder/venv/bin/$name" "$folder/bin/$name"; done
ls "$folder/bin"
