/** The beginning of a text, at most so many characters. One that takes two places is not cut in half: half of it can be neither hashed nor sent. */
export const truncate = (text: string, max: number): string =>
  text.slice(0, Math.max(0, max)).replace(/[\uD800-\uDBFF]$/, '')
