{{- define "zhengtong.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "zhengtong.labels" -}}
app.kubernetes.io/name: zhengtong
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "zhengtong.pod" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "zhengtong.container" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* The binary refuses key files that a group may read, and mounted Secrets are: so they are copied into memory. */ -}}
{{- define "zhengtong.takeKeys" -}}
- name: keys
  image: {{ include "zhengtong.image" .root }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  securityContext: {{- include "zhengtong.container" .root | nindent 4 }}
  command: [/bin/sh, -euc]
  args:
    - |
      for key in /run/secrets/zhengtong/*.key; do install -m 0600 "$key" /run/keys/; done
      {{- with .more }}
      {{- . | nindent 6 }}
      {{- end }}
  volumeMounts:
    - {name: secret, mountPath: /run/secrets/zhengtong, readOnly: true}
    - {name: keys, mountPath: /run/keys}
    {{- with .data }}
    - {name: data, mountPath: /var/lib/zhengtong}
    {{- end }}
{{- end }}

{{- define "zhengtong.claim" -}}
- metadata: {name: data}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .className }}
    storageClassName: {{ . }}
    {{- end }}
    resources: {requests: {storage: {{ .size }}}}
{{- end }}
