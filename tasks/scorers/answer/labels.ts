/**
 * The words that say "what follows is the answer", in the languages that models answer in. A label is a noun with a copula or a mark behind
 * it ("the answer is", "Réponse :", "答案："), a tag, a key of JSON, a heading, or a line of GSM8K's own mark.
 */

const adjective = '(?:final|correct|right|best|exact|numerical|numeric|short|single|my|our|your|overall)'
const english = [
  String.raw`answers?(?:_[a-z]{1,12})?(?:[^\S\n]+(?:choice|option|key|letter|value|number|text|here))?(?:[^\S\n]+(?:to|for|of|in|from|at)[^\S\n][^.\n:=|]{1,80}?)?(?:[^\S\n]*\([^()\n]{1,60}\))?`,
  String.raw`ans\.?`,
  String.raw`final[^\S\n]+(?:result|value|total|amount|number|output|choice|decision|solution|figure|count|sum|price|cost)(?:[^\S\n]+(?:for|of|in)[^\S\n][^.\n:=|]{1,60}?)?`,
].join('|')
/**
 * Nouns of other languages that part words by spaces, and verbs that may follow them: those of MGSM and of the multilingual MMLU, and a few
 * more. Other words may stand between ("La réponse finale est").
 */
const languages: Readonly<Record<string, readonly [nouns: string, verbs: string]>> = {
  German: ['antwort|lösung|(?:end)?ergebnis', 'ist|sind|lautet|wäre|beträgt'],
  French: ['r[ée]ponses?|résultat|solution', 'est|sont'],
  Spanish: ['respuestas?|resultado|solución', 'es|son'],
  Portuguese: ['respostas?|solução', 'é|são'],
  Italian: ['rispost[ae]|risultato|soluzione', 'è|sono'],
  Dutch: ['antwoord', 'is'],
  Scandinavian: ['svar(?:et)?', 'är|er'],
  Polish: ['odpowiedź', 'to|jest'],
  Turkish: ['cevap|cevab[ıi]|yan[ıi]t', ''],
  Indonesian: ['jawaban(?:nya)?', 'adalah|ialah'],
  Vietnamese: ['đáp án|câu trả lời|trả lời', 'là'],
  Swahili: ['jibu', 'ni'],
  Russian: ['ответ(?:ом)?', 'это|является|будет|равен|равно'],
  Hindi: ['उत्तर|जवाब', 'है'],
  Bengali: ['উত্তর', 'হল|হলো'],
  Telugu: ['సమాధానం|జవాబు', ''],
  Arabic: ['(?:ال)?[إا]جابة|الجواب|جواب', 'هو|هي'],
  Persian: ['پاسخ', 'است'],
}
const all = (at: 0 | 1): string =>
  Object.values(languages)
    .map((words) => words[at])
    .filter((words) => words !== '')
    .join('|')
const foreign = String.raw`(?:${all(0)})(?:[^\S\n]+[\p{L}\p{M}]{2,}){0,3}?`
const copula =
  "(?<![\\p{L}\\p{M}])(?:is|are|was|were|would be|should be|must be|will be|has to be|becomes|comes? (?:out )?to(?: be)?|turns out to be|equals)(?![\\p{L}'’])"
const foreignCopula = `(?<![\\p{L}\\p{M}])(?:${all(1)})(?![\\p{L}\\p{M}'’])`
const mark = String.raw`=>|->|[:：=→⇒]|\||(?<=\s)[-–—](?=\s)`
/** Nouns of languages that part no words. */
const joined = [
  '(?:最终|最終|正确|正確|参考|標準|标准)?(?:的)?(?:答案|结果)(?:应该|应当|应|就)?(?:是|为|為|选|選)',
  '(?:最终|最終|正确|正確|参考|标准)?的?答案(?=\\s*[\\dA-Za-z(（$\\\\*「“])',
  '(?:答案|答|解答|答え|回答|正解|解|결론|정답|답|최종 답|คำตอบ)\\s*[:：=]',
  '(?:最終的な|正しい)?(?:答え|解答|回答|正解)(?:は|が)',
  '正解(?=[\\dA-Za-z(（])',
  '(?:최종\\s?)?(?:정답|답|해답)(?:은|는|이)',
  '(?:cevap|yanıt|jawaban|svaret|vastaus|odpowiedź|odpověď)\\s(?=\\(?[A-Z]\\)?(?![\\p{L}\\p{N}]))',
  '(?:उत्तर|जवाब|सही विकल्प)\\s(?=[\\dA-Z(०-९])',
  'คำตอบ(?:ที่ถูกต้อง|สุดท้าย)?(?:คือ)?(?=[^\\u0e01-\\u0e4e])',
].join('|')
const tags = String.raw`<(?:final[ _-]?)?(?:answer|ans|result|output|solution)\s*>|\[(?:FINAL[ _])?ANSWER\]|<\|answer\|>`
/** Alone on its line, perhaps as a heading. */
const heading = String.raw`(?<=^|\n)[#*_>\s|-]{0,12}(?:the[^\S\n])?(?:${adjective}[^\S\n]+){0,2}(?:answer|result|solution|final answer|答案|最终答案|解答|antwort|réponse|respuesta)[*_:：\s|]{0,8}(?=\n)`
/** "Answer B", "Answer 42", "Answer - 42" at the beginning of a line. */
const bare = String.raw`(?<=^|\n)[*_>\s#]{0,8}(?:${adjective}[^\S\n]+)?(?:answer|antwort|réponse|respuesta|resposta|risposta|antwoord|svar|ответ)[*_]{0,3}[^\S\n]+(?:[-–—](?:[^\S\n]+|(?=[*_($]{0,4}[A-Z]\b)))?(?=[*_($]{0,4}(?:[A-Z]\b|[-+]?\d))`
const gsm8k = String.raw`(?<=^|\n)[*_>\s]{0,4}####(?!#)`

/** Behind a noun: an adjective, the end of a string or of emphasis. */
const behind = String.raw`["'*_\x60)\]}\\]{0,5}[^\S\n]{0,3}[*_]{0,3}`
const label = new RegExp(
  `(?<![\\p{L}\\p{M}])(?:(?:${english})${behind}(?:${copula}[^\\S\\n]*[:：=→]?|${mark})|${foreign}${behind}(?:${foreignCopula}[^\\S\\n]*[:：=→]?|${mark}))|${joined}|${tags}|${heading}|${bare}|${gsm8k}`,
  'giu',
)
/** "12 is the answer", "B is the correct option". */
const reversed =
  /(?<=^|[.!?,:;]\s|[\n。，])((?:[^.!?\n。]|\.(?=\d)){1,120}?)[*_"'`)$]{0,4} (?:is|are|was|must be|would be|should be) (?:(?:therefore|thus|clearly|indeed|hence|also) )?(?:the|my|our) (?:(?:final|correct|right|best|only|exact) ){0,2}(?:answers?|result)\b(?! to\b)/gi

/**
 * A place where an answer is said: what follows a label, or, `isBefore`, what stands before "is the answer". `isFinal`: it is called final;
 * `isSaid`: in a sentence.
 */
export type Labelled = { text: string; index: number; isBefore: boolean; isFinal: boolean; isStated: boolean }

/** A label that is a sentence, so that an exclamation mark may end it. */
const copulaEnd = /\p{L}\s*$/u
const final = /final\w{0,5}[\s_*]|最终|最終/i

/** A label and what it is about are looked for in so much of the end of a reply. */
const maxSearched = 50_000
const maxLabels = 40
/** More of an answer than this is not read. */
const maxText = 100_000

const leadingMarks =
  /^(?:[\s*_|}~#]|(?<=\n[^\S\n]*)>|:|<\/?(?:b|strong|i|em|p|br|center)\s?\/?>|\\(?:\\|quad)|(?:\\\[|\$\$|\\\()(?=\s)|```[a-z]*\n|\\text(?:bf)?\{\s*\})+/i
const closing =
  /<\/\s?(?:final[ _-]?)?(?:answer|ans|result|output|solution)\s*>|\[\/(?:FINAL[ _])?ANSWER\]|<\|\/answer\|>/i

/** The labelled answers of a reply, the last first. Linear. */
export function labelledAnswers(reply: string): Labelled[] {
  const offset = Math.max(0, reply.length - maxSearched)
  const text = offset > 0 ? reply.slice(offset) : reply
  const found: Labelled[] = []
  for (const match of text.matchAll(label)) {
    const end = match.index + match[0].length
    const isFinal = final.test(text.slice(Math.max(0, match.index - 12), end))
    const isStated = copulaEnd.test(match[0])
    found.push({ text: textBehind(text, end), index: offset + match.index, isBefore: false, isFinal, isStated })
    if (found.length > maxLabels) found.shift()
  }
  if (/ the (?:\w+ ){0,2}(?:answer|result)|(?:my|our) (?:\w+ )?answer/i.test(text)) {
    for (const match of [...text.matchAll(reversed)].slice(-maxLabels)) {
      found.push({
        text: match[1]!.trim(),
        index: offset + match.index,
        isBefore: true,
        isFinal: false,
        isStated: true,
      })
    }
  }
  return found.sort((left, right) => right.index - left.index)
}

/** What stands behind a label, without the marks before it, up to a closing tag. */
function textBehind(reply: string, from: number): string {
  const text = reply.slice(from, from + maxText)
  const begun = text.slice(leadingMarks.exec(text)?.[0].length ?? 0)
  const end = closing.exec(begun)?.index
  return end === undefined ? begun : begun.slice(0, end)
}
