export { sha256OfFile } from '../machine/state-file.ts'
export { type DiagnoseRequest, diagnoseSetup, type SetupFinding } from './diagnose.ts'
export { diagnoseEmbedder, embedderName, embedderPath, provisionEmbedder } from './embedder.ts'
export { SetupError } from './errors.ts'
export { converterName, provisionConverter } from './gguf-converter.ts'
export { type NatsServerRequest, natsServerPath, provisionNatsServer, replaceDamaged } from './nats-server.ts'
export { runtimeEnvironment, runtimePackage } from './python.ts'
export { CommandError, runCommand } from './run-command.ts'
export {
  embeddedStudent,
  fetchHubStudent,
  fingerprintOf,
  identityOf,
  type ProvidedStudent,
  provisionStudent,
  type StudentRequest,
  studentPath,
} from './student.ts'
export { hasGpu } from './torch-build.ts'
export { gpuPackagesFault, provisionRuntime, type RuntimeRequest, readyRuntime, venvPath } from './venv.ts'
