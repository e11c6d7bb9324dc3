export { SetupError } from './errors.ts'
export { type NatsServerRequest, natsServerPath, natsServerVersion, provisionNatsServer } from './nats-server.ts'
export { provisionStudent, type Student, type StudentRequest, studentName, studentPath } from './student.ts'
export { provisionRuntime, type RuntimeRequest, runtimePackage } from './venv.ts'
