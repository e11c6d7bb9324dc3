/** LaTeX commands that begin like JSON's escapes of a tab and a carriage return; those of \b and \f need no list, for no text has them. */
const commands = '(?:t(?:imes|ext|heta|an|au|frac|riangle|herefore|ilde)|r(?:ight|ho|angle|ceil|floor|m))(?![a-z])'

const escapes = new RegExp(String.raw`\\(?:["\\/]|u[\da-fA-F]{4}|(${commands}|[bf][a-z])|[bfnrt]|([^]))`, 'g')

/**
 * A reply's JSON with the backslashes doubled that its writer forgot to double: models write `"\boxed{4}"` and `"\times"`, which JSON reads as
 * a control character and the rest of the word, and `"\("`, which it refuses.
 */
export const withLatexEscaped = (json: string): string =>
  json.replaceAll(escapes, (whole, command?: string, other?: string) => (command || other ? `\\${whole}` : whole))
