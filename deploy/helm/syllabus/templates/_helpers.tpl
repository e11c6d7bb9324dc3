{{/* The image of a container: (list $ .Values.image) */}}
{{- define "syllabus.image" -}}
{{- $root := index . 0 }}{{ $image := index . 1 -}}
{{ $image.repository }}:{{ $image.tag | default $root.Chart.AppVersion }}
{{- end }}

{{/* What selects the pods of a component: (list $ "generator") */}}
{{- define "syllabus.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "syllabus.labels" -}}
{{- $root := index . 0 -}}
{{ include "syllabus.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{/* The Secret with the join file of a role, of the page or of who submits: (list $ "page" .Values.page) */}}
{{- define "syllabus.secret" -}}
{{- $root := index . 0 -}}
{{ (index . 2).secret | default (printf "%s-%s" $root.Release.Name (index . 1)) }}
{{- end }}

{{- define "syllabus.natsName" -}}
{{ .Release.Name }}-nats
{{- end }}

{{/* Where the servers tell how they are; a headless Service, since KEDA looks for the server that leads a consumer. */}}
{{- define "syllabus.monitoring" -}}
{{- if eq .Values.nats.mode "own" -}}
{{ include "syllabus.natsName" . }}.{{ .Release.Namespace }}.svc.cluster.local:8222
{{- else -}}
{{ required "nats.external.monitoring names the servers' monitoring (host:port)" .Values.nats.external.monitoring }}
{{- end }}
{{- end }}

{{/*
The queue of a role: its variant, and for one that asks a model a key of the model and its address, and of the run where that keeps its work to
itself (schemas/queue.ts): (list $ "generator" "run-id" or "")
*/}}
{{- define "syllabus.queue" -}}
{{- $root := index . 0 }}{{ $role := index . 1 }}{{ $run := index . 2 -}}
{{- $agent := index $root.Values.topology.agents $role }}{{ $options := $agent.options | default dict -}}
{{- $asks := or (eq $agent.variant "llm") (eq $agent.variant "rules-and-judge") -}}
{{- if $asks -}}
{{- $model := $options.model | default (required "teacher.model names the model that generators ask" $root.Values.teacher.model) -}}
{{- $url := $options.baseUrl | default (trimSuffix "/" $root.Values.teacher.baseUrl) -}}
{{- $what := ternary (list $model $url) (list $model $url $run) (eq $run "") -}}
{{ $agent.variant }}-{{ $what | toRawJson | sha256sum | trunc 12 }}
{{- else if and (eq $role "trainer-bridge") (ne ($options.student | default "embedded") "embedded") -}}
{{ $agent.variant }}-{{ list (splitList "/" $options.student | last) | toRawJson | sha256sum | trunc 12 }}
{{- else -}}
{{ $agent.variant }}
{{- end }}
{{- end }}

{{- define "syllabus.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "syllabus.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* The environment of a process of Syllabus: (list $ $role $asksModel) */}}
{{- define "syllabus.environment" -}}
{{- $root := index . 0 }}{{ $teacher := $root.Values.teacher -}}
- {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: SYLLABUS_TELEMETRY_HOST, value: 0.0.0.0}
- {name: SYLLABUS_TELEMETRY_PORT, value: {{ $root.Values.metrics.port | quote }}}
{{- with $root.Values.metrics.tokenSecret }}
- name: SYLLABUS_TELEMETRY_TOKEN
  valueFrom: {secretKeyRef: {name: {{ . }}, key: token}}
{{- end }}
{{- if index . 2 }}
- {name: OPENAI_BASE_URL, value: {{ $teacher.baseUrl | quote }}}
{{- if $teacher.model }}
- {name: SYLLABUS_MODEL, value: {{ $teacher.model | quote }}}
{{- end }}
{{- if $teacher.keySecret }}
- name: OPENAI_API_KEY
  valueFrom: {secretKeyRef: {name: {{ $teacher.keySecret }}, key: {{ $teacher.keyName }}}}
{{- end }}
{{- end }}
{{- end }}

{{/* Where a pod may go: its own role's join file is the only Secret that is mounted. (list $ "generator" $secret) */}}
{{- define "syllabus.volumes" -}}
- name: join
  secret: {secretName: {{ index . 2 }}, defaultMode: 0440}
- name: topology
  configMap: {name: {{ (index . 0).Release.Name }}-topology}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
{{- end }}

{{- define "syllabus.mounts" -}}
- {name: join, mountPath: /etc/syllabus/join, readOnly: true}
- {name: topology, mountPath: /etc/syllabus/topology, readOnly: true}
- {name: tmp, mountPath: /tmp}
- {name: data, mountPath: /data}
{{- end }}

{{- define "syllabus.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: metrics}
  periodSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: metrics}
  periodSeconds: 20
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /readyz, port: metrics}
  periodSeconds: 10
  timeoutSeconds: 5
{{- end }}
