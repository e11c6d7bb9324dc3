import { goldsOf, type Item, type Task, userTurn } from '../../../schemas/task.ts'
import { splitsOf } from '../../../tasks/check-items.ts'
import { finding, type TaskFinding } from './finding.ts'

/** A text that is spoken of and is no picture. */
const aboutText =
  /\b(?:(?:according to|based on|in) the (?:above |following |given |preceding )?(?:passage|article|paragraph|excerpt)|(?:according to|based on) the (?:above |following |given )?(?:text|story|document|context|dialogue|conversation)|the (?:passage|article|paragraph|excerpt|text|story|document|context) (?:above|below))\b/i
const aboutPicture =
  /\b(?:(?:according to|based on|in) the (?:above |following |given )?(?:figure|diagram|image|picture|graph|chart|map|table)|the (?:figure|diagram|image|picture|graph|chart|map|table) (?:above|below|shown))\b/i
const aboutChoices =
  /\b(?:which|what|one|all|none|any) of (?:the following|these options|these choices|the options|the choices)\b|\b(?:options|choices) (?:above|below)\b/i
const listMark = /(?:^|[\s(])(?:[A-Ja-j1-9][).:]|[-*•])\s/g
const asksForNumber =
  /\d|\bhow (?:many|much|old|long|often|far|tall)\b|\b(?:number|count|sum|total|many|digit|rating|score|stars?|scale)\b/i
const asksForLetter = /\b(?:letters?|alphabet|initials?|grade|type|vitamin|note|key)\b/i
/** A question alone, without a text that it speaks of. */
const maxAlone = 300

/** No question lacks the choices or the text that it speaks of. */
export function checkAnswerable(task: Task): TaskFinding {
  const items = splitsOf(task).flatMap(([{ file }, items]) =>
    items.map((item) => ({ where: `${file}, item ${item.id}`, item })),
  )
  const areLetters =
    task.scorer.name === 'choice' ||
    (items.every(({ item }) => goldsOf(item).every((gold) => /^[A-J]$/.test(gold))) &&
      !items.some(({ item }) => asksForLetter.test(userTurn(item))))
  const arePlaces =
    items.length > 4 &&
    items.every(({ item }) => /^\d$/.test(item.answer)) &&
    !items.some(({ item }) => asksForNumber.test(userTurn(item)))
  const problems = items.flatMap(({ where, item }) => {
    const lack = lackOf(item, areLetters, arePlaces)
    return lack === null ? [] : [`${where}: ${lack}`]
  })
  const notes = items.flatMap(({ where, item }) =>
    isAlone(item.input) && aboutPicture.test(item.input)
      ? [`${where}: speaks of a picture or a table that is not there`]
      : [],
  )
  return finding(
    'questions have their choices and contexts',
    `${items.length - problems.length} of ${items.length}`,
    problems,
    notes,
  )
}

function lackOf(item: Item, areLetters: boolean, arePlaces: boolean): string | null {
  const turn = userTurn(item)
  if (areLetters && !goldsOf(item).every((gold) => isShown(gold.replace(/[^A-Za-z]/g, ''), turn)))
    return 'the answer is a letter of choices that are not there'
  if (arePlaces) return 'the answer is a number that nothing asks for, as of choices that are not there'
  if (isAlone(item.input) && aboutText.test(item.input)) return 'speaks of a text that is not there'
  const [phrase] = aboutChoices.exec(item.input) ?? []
  if (phrase === undefined) return null
  const rest = item.input.slice(item.input.indexOf(phrase) + phrase.length).trim()
  const hasList = /\n|:|\?\s*\S/.test(rest) || (item.input.match(listMark)?.length ?? 0) > 1
  return hasList || !isAlone(item.input) ? null : 'speaks of choices that are not there'
}

const isAlone = (input: string): boolean => input.length < maxAlone && !input.trim().includes('\n')

/** Whether a choice by this letter stands in the text. `A` may be an article, so that another one is looked for. */
function isShown(letter: string, text: string): boolean {
  const wanted = letter.toUpperCase() === 'A' ? 'B' : letter.toUpperCase()
  const standing = new RegExp(
    String.raw`(?<![\p{L}\p{N}])(?:${wanted}(?![\p{L}\p{N}'’])|${wanted.toLowerCase()}\s?[).:])`,
    'u',
  )
  return wanted === '' || standing.test(text)
}
