#!/bin/sh
# Fetches what the tests of deploy/ need and npm has no package of: helm (built by Go) and the validator with Kubernetes' own schemas.
set -eu
folder=$(dirname "$0")/../../node_modules/.cache/deploy-tools
mkdir -p "$folder/bin"
folder=$(cd "$folder" && pwd)
[ -x "$folder/bin/helm" ] || GOBIN="$folder/bin" go install helm.sh/helm/v3/cmd/helm@v3.19.0
[ -x "$folder/venv/bin/kubernetes-validate" ] || {
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet kubernetes-validate==1.34.1
}
ln -sf "$folder/venv/bin/kubernetes-validate" "$folder/bin/kubernetes-validate"
ls "$folder/bin"
