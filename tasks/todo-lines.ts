/** A line of a task file that is still to be written; `line` counts from 1 and is that of the text below the remark. */
export type Todo = { line: number; key: string; what: string }

const remark = /^\s*#\s*TODO:?\s*(.*)$/

/** What is still to be written in the text of a task file: each remark that begins with TODO, until a person removes it. */
export function todosIn(text: string): Todo[] {
  const lines = text.split('\n')
  return lines.flatMap((line, at) => {
    const what = remark.exec(line)?.[1]
    if (what === undefined) return []
    const below = lines.findIndex((each, index) => index > at && !/^\s*(#.*)?$/.test(each))
    const isBlock = /[>|][+-]?\s*$/.test(lines[below] ?? '')
    return [
      {
        line: below < 0 ? at + 1 : below + (isBlock ? 2 : 1),
        key: /^\s*([\w-]+):/.exec(lines[below] ?? '')?.[1] ?? '',
        what,
      },
    ]
  })
}
