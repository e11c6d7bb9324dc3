/** The text of a prompt file with its `<<name>>` places filled in; a place without a value is an error of ours. */
export const filledPrompt = (file: string, text: string, values: Readonly<Record<string, string>>): string =>
  text.trim().replaceAll(/<<(\w+)>>/g, (_, place: string) => {
    const value = values[place]
    if (value === undefined) throw new Error(`prompt ${file}.md: nothing for <<${place}>>`)
    return value
  })
