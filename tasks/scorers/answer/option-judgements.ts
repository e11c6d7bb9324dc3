/** What a reply says of single options: "B is correct", "A - false", "C) 42 ✓". */

/** A letter, `undecided` between several, or null where there is none. */
export type Letter = string | 'undecided' | null
export type IsLetter = (letter: string) => boolean

const clauseEnd =
  /[;\n]|,(?=\s|[A-Z]|\P{ASCII})|(?<!(?:^|[\s([*])[A-Z])\.(?=\s|$)|[。，；]|(?<=[✓✔✅❌✗✘]\uFE0F?)\s|\s(?=but\s)/u
const head =
  /^[\s"'“([>*•-]*(?:(?:and|but|so|while|whereas|however|since|because|as|only|thus|therefore|hence|then|that|I (?:think|believe|feel|guess|suspect|would say)|the|statement in|one in) )*(?:(?:option|choice|answer|statement|alternative|letter|选项|選択肢)s? ?)?[([]?([A-Za-z])[)\]]?(?:\s*(?:and|or|&|\/|、|和|nor)\s*(?:option )?[([]?([A-Za-z])[)\]]?)?(?![\p{Script=Latin}\p{N}'’])/iu
/** "… that B is correct": the same further on in a clause. */
const inner =
  /^(?!.*\b(?:if|whether|when|unless|but|except|besides|neither|nor)\b).{0,80}?(?<![\p{L}\p{N}'’])[([]?([A-HJ-Z])[)\]]?(?= (?:is|are|must|would|should|seems|looks|fits|works|ist|est|es)\b| (?:the|our|my) (?:correct|right|best|only)\b)/u
export const negative =
  /\b(?:incorrect|wrong|false|fails?|invalid|eliminated|excluded|impossible|unlikely|not|isn['’]t|do(?:es)?n['’]t|cannot|can['’]t|never|neither|nor|no)\b|[❌✗✘]|错|不正确|不对|不符|誤|間違/i
const positive = new RegExp(
  [
    String.raw`(?:^\W*|\b(?:is|are|seems|looks|must be|would be|should be|appears)(?: (?:to be|the|also|clearly|indeed|therefore|thus|both|most|only|all|definitely|a))* |[-–—:=(→] ?)(?:(?:correct|valid|accurate)\b|(?:right|true|yes|best|better|(?:more|most) (?:likely|plausible|accurate|appropriate))\b(?=\W*$| (?:answer|option|choice|one|fit|match|description|statement|because|since|as|here|for|and)\b)|answer\b)`,
    String.raw`^[)\].: ]*(?:is|does|must be|it is)\W*$`,
    String.raw`^[)\].: ]*(?:is|must be|would be|seems) (?:the|our) (?:only|best|single|one)\b|^[)\].: ]*(?:answers the question|makes (?:the most )?sense|(?:is|are) (?:most )?consistent\b)`,
    String.raw`^[)\].: ]*(?:best )?(?:fits?|works|matches|holds|satisf(?:y|ies)|meets|is supported)\b`,
    String.raw`\b(?:ist|est|es|é|è|är|er|jest|je)(?: (?:die|der|das|la|le|el|a|o))? (?:richtig|korrekt|bonne|correct|corret|giust|rätt|riktig|juist|prawidłow|správn)`,
    String.raw`^ (?:the|our|my) (?:correct|right|best|only)\b`,
    '[✓✔✅]|正确|对的|符合|正しい|正解|맞|옳',
  ].join('|'),
  'iu',
)
/** A capital behind such a word is part of a name. */
const name =
  /(?:vitamin|plan|type|class|figure|appendix|grade|table|hepatitis|group|section|part|point|step|theorem|case) [A-Z]\b/gi
const exception = /\b(?:all|everything|anything|nothing|none|each) (?:but|except)\b/gi
const allBut =
  /\b(?:[Aa]ll|[Ee]very|[Ee]ach)\b[^.\n]{0,40}?\b(?:except|but|other than|apart from|besides)(?: for)?(?: the)? (?:option |choice )?[([]?([A-Z])[)\]]?(?![\p{L}\p{N}])[^.\n]{0,40}?\b(?:wrong|incorrect|false|eliminated|excluded|ruled out)\b/u

/** What comes behind this is about something else. */
const why = /\b(?:since|because|as|while|whereas|although|though)\b/i

/** A mark, or the box of a list of tasks, before an option. */
const markBefore =
  /^([^\S\n]*(?:[-*•+] )?)([✓✔✅☑❌✗✘❎]\uFE0F?|\[[ xX]\])(?=[^\S\n]*[([]?[A-Za-z](?![\p{L}\p{N}]))(.*)$/gmu
const markBehind = (_line: string, start: string, mark: string, option: string): string =>
  `${start}${option.trimStart()} ${/[✓✔✅☑xX]/.test(mark) ? '✓' : '✗'}`

/** A small letter is an option behind such a word: "option b is correct". */
const named = /\b(?:option|choice|answer) [([]?[a-z][)\]]?$/i

const one = String.raw`(?:[Oo]ption |[Cc]hoice )?[([]?([A-Z])[)\]]?(?![\p{L}\p{N}'’])`
const that = `(?:[Ii]t(?:['’]s| is| must be| has to be)|[Tt]he answer is|I(?:['’]d| would)? (?:say|choose|pick|go with))`
const preferences = [
  // "neither A nor B, it's C", "neither A nor B but C"
  String.raw`\b[Nn]either ${one} nor ${one}[,;.]? ?(?:(?:but|so|rather|instead|[-–—])[,:]? )*(?:${that} )?(?<=(?:but|so|rather|instead|[-–—]|is|['’]s|be|say|choose|pick|with)[,:]? )(?<right>[([]?[A-Z][)\]]?)(?![\p{L}\p{N}'’])`,
  // "It's C, not A or B"
  String.raw`\b${that} (?:[Oo]ption |[Cc]hoice )?(?<right>[([]?[A-Z][)\]]?),? (?:and )?not ${one}(?=[ .,;!]|$)`,
  // "B seems right, but D is better"
  String.raw`(?<![\p{L}\p{N}])${one} (?:seems|looks|appears|sounds|may|might|could)\b[^.;\n]{0,60}?\b(?:but|yet|though) (?:[Oo]ption |[Cc]hoice )?(?<right>[([]?[A-Z][)\]]?) (?:is|seems|looks|fits|works) (?:(?:the|a|even|more|clearly|actually|much) )*(?:better|best|correct|right|accurate)\b`,
  // "B it is."
  String.raw`(?:^|[\n.,;:–—-] ?|\bso )(?:[Oo]ption |[Cc]hoice )?(?<right>[([]?[A-Z][)\]]?) it is(?=[.!]?\s*(?:$|\n))`,
  // "Between A and B, A."
  String.raw`\b[Bb]etween ${one} and ${one}[,:;]? (?:${that} )?(?<right>[([]?[A-Z][)\]]?)(?=[.!]?\s*(?:$|\n))`,
].map((each) => new RegExp(each, 'gu'))

/** The option that a text sets against others that it names, the last where there are several. Linear. */
export function preferred(text: string, isLetter: IsLetter): Letter {
  let last: { letter: string; index: number } | null = null
  for (const each of preferences) {
    const found = [...text.matchAll(each)].at(-1)
    const letter = found?.groups?.right?.replace(/[^A-Z]/g, '')
    if (letter === undefined || !isLetter(letter)) continue
    if (last === null || found!.index > last.index) last = { letter, index: found!.index }
  }
  return last?.letter ?? null
}

/** The one option that a text calls right, or the one that it leaves. Linear. */
export function judgedRight(text: string, isLetter: IsLetter): Letter {
  const right = new Set<string>()
  const judged = text.replace(markBefore, markBehind).replace(name, ' ').replace(exception, 'other than')
  for (const clause of judged.split(clauseEnd)) {
    if (clause === undefined || clause.length > 400) continue
    const found = head.exec(clause) ?? inner.exec(clause)
    const rest = clause.slice(found?.[0].length).split(why, 1)[0]!
    const isNamed = found !== null && named.test(found[0]) && /^ (?:is|seems|looks|must|would|should)\b/.test(rest)
    const letters = [found?.[1], found?.[2]]
      .map((each) => (isNamed ? each?.toUpperCase() : each))
      .filter((each) => each !== undefined && /[A-Z]/.test(each) && isLetter(each))
    if (letters.length === 0 || negative.test(rest) || !positive.test(rest)) continue
    for (const letter of letters) right.add(letter!)
  }
  if (right.size > 1) return 'undecided'
  return right.size === 1 ? [...right][0]! : leftOver(text, isLetter)
}

function leftOver(text: string, isLetter: IsLetter): Letter {
  const letter = allBut.exec(text)?.[1]
  return letter !== undefined && isLetter(letter) ? letter : null
}
