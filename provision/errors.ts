import { UserError } from '../schemas/user-error.ts'

/** A set-up step that failed in a way a person can fix: `message` says what and where, `fix` says how. */
export class SetupError extends UserError {}
