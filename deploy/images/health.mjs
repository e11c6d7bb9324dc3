// The health check of a container: ends with 0 where the process answers that it lives. Plain JavaScript, so that nothing is compiled
// for it. A command without a port for it, such as a run that was submitted, counts as healthy while it runs.
const port = process.env.SYLLABUS_TELEMETRY_PORT
if (port) {
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4000) }).catch(
    () => null,
  )
  if (!answer?.ok) process.exitCode = 1
}
