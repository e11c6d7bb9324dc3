/**
 * Text without what only sets it: LaTeX commands, math delimiters, Markdown, HTML. What LaTeX says in a command and a character says, too,
 * is the character. Linear.
 */

/** A control character with the rest of a command: an escape of JSON that was not meant as one. */
const brokenCommand =
  /\t(?=(?:imes|ext|frac|heta|an|op|herefore)(?![a-z])|ext[a-z]{0,6}\{)|\f(?=rac|box)|[\b](?=oxed|ox\b|f\b|m\b|eta|egin|ig)|\r(?=ight|m\b|angle)/g
const firstLetter: Readonly<Record<string, string>> = { '\t': 't', '\f': 'f', '\b': 'b', '\r': 'r' }

/** The text with the commands whose backslash and first letter a reader of JSON took for an escape. */
export function repairCommands(text: string): string {
  return /[\t\f\b\r]/.test(text) ? text.replace(brokenCommand, (found) => `\\${firstLetter[found]}`) : text
}

/** Commands that mean a character, or nothing. */
const symbols: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '×': 'times cdot ast bullet',
    '÷': 'div',
    '±': 'pm mp',
    '≈': 'approx sim simeq cong thickapprox approxeq doteq',
    '≤': 'le leq leqslant lesssim',
    '≥': 'ge geq geqslant gtrsim',
    '<': 'lt ll',
    '>': 'gt gg',
    '≠': 'ne neq',
    '≡': 'equiv',
    '∞': 'infty',
    π: 'pi',
    '→': 'to rightarrow Rightarrow implies longrightarrow Longrightarrow therefore',
    '…': 'ldots dots cdots dotsc',
    '|': 'mid vert lvert rvert',
    '°': 'degree textdegree circ',
    '€': 'euro texteuro',
    '£': 'pounds textsterling',
    $: 'textdollar',
    '%': 'percent textpercent',
    ' or ': 'lor vee',
    ' and ': 'land wedge',
    ' ': 'quad qquad enspace thinspace medspace thickspace hfill newline hline checkmark noindent par item',
    '': `displaystyle textstyle scriptstyle left right middle limits Large large LARGE huge Huge small normalsize footnotesize tiny bf rm it sf
      tt em bfseries itshape big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr boldmath centering`,
  }).flatMap(([character, names]) => names.split(/\s+/).map((name) => [name, character] as const)),
)

/** Commands that set the argument behind them. */
const setting =
  /(\\[A-Za-z]+ ?)?\\(?:text(?:rm|bf|it|sf|tt|normal|up|md|sc)?|math(?:rm|bf|it|sf|tt|bb|cal|normal|ord|bin|rel)|boldsymbol|pmb|bm|operatorname\*?|mbox|hbox|[fd]box|boxed|framebox|emph|underline|uline|ensuremath|mathop|unit|si|num|underbrace|overbrace|cancel|(?:text)?color ?\{[^{}]{0,40}\} ?|textsuperscript) ?\{((?:[^{}]|\{[^{}]*\})*)\}/g
/** Commands whose argument is no text. */
const unseen = /\\(?:[hv]?phantom|[hv]space\*?|tag\*?|pmod|label|begin|end) ?\{[^{}]{0,40}\}(?:\{[clr|]{1,20}\})?/g
const maxDepth = 6

const spacing: [RegExp, string][] = [
  // \SI{4.5}{m/s}, \qty{4.5}{\metre\per\second}: a number and its unit.
  [/\\(?:SI|qty) ?\{([^{}]*)\} ?\{\\?([^{}\\]*)(?:\\[^{}]*)?\}/g, '$1 $2'],
  [/\\!/g, ''],
  [/\\(?:[,;: ()[\]]|\\(?:\[[^\]]{0,10}\])?)/g, ' '],
  [/(?<=\d)~(?=\d)/g, ' '],
  [/ ?\{ ?([,.:]) ?\} ?/g, '$1'],
  [/&(?=\s*[=<>≈~])|(?<=[=<>≈])\s*&/g, ''],
  [/\\([%$#&_])/g, '$1'],
]
const tags: [RegExp, string][] = [
  [/<sup>([^<>]{0,40})<\/sup>/gi, '^{$1}'],
  [
    /<\/?(?:b|i|u|strong|em|p|br|span|div|code|mark|center|sub|font|small|big|li|ul|ol|td|tr)(?:\s[^<>]{0,100})?\/?>/gi,
    ' ',
  ],
]

/** LaTeX and HTML as characters; commands that mean more than that (`\frac`, `\sqrt`, `\ln`) and braces stay. */
export function withoutCommands(text: string): string {
  let bare = text
  if (bare.includes('<')) for (const [tag, plain] of tags) bare = bare.replace(tag, plain)
  if (!bare.includes('\\') && !bare.includes('{')) return bare
  for (const [mark, plain] of spacing) bare = bare.replace(mark, plain)
  if (!bare.includes('\\')) return bare
  bare = bare.replace(unseen, ' ').replace(/\\(?:left|right) ?\./g, '')
  bare = bare.replace(/\\([A-Za-z]+)/g, (command, name: string) => symbols.get(name) ?? command)
  for (let depth = 0; depth < maxDepth; depth += 1) {
    const outer = bare
    bare = bare.replace(setting, (found, before: string | undefined, content: string, at: number) => {
      if (found.startsWith('\\textsuper')) return `^{${content}}`
      // What joins two things is kept apart from them.
      if (/^(?:or|and|to|x)$/i.test(content)) return ` ${content} `
      if (before !== undefined) return `${before} ${content}`
      return /[})]/.test(outer[at - 1] ?? '') && /^[A-Za-z]/.test(content) ? ` ${content}` : content
    })
    if (bare === outer) break
  }
  return bare.replace(/\^ ?\{ ?° ?\}|\^ ?°/g, '°')
}

/** Stars, underscores and back quotes of Markdown. Stars with a number on either side multiply, two of them raise (then written `^`). */
export function withoutMarks(text: string): string {
  if (!/[*_`~]/.test(text)) return text
  return text
    .replace(/\*+/g, (stars, at: number) => {
      const [before, after] = [
        text.slice(Math.max(0, at - 2), at),
        text.slice(at + stars.length, at + stars.length + 8),
      ]
      if (stars.length > 2 || !/[\dπ)}\]%] ?$/.test(before) || !/^ ?[-+]?(?:[\d({\\√π.]|[a-z]{2,5}\()/.test(after))
        return ''
      if (stars.length === 1) return '*'
      return /\s$/.test(before) === /^\s/.test(after) ? '^' : ''
    })
    .replace(/~~|`+|__+|(?<![\p{L}\p{N}}])_(?=\S)|(?<=\S)_(?![\p{L}\p{N}{])/gu, '')
}

const quotes = '"\'“”‘’«»„‚「」『』'
const ends = new Set(` \t\n\r\u00a0${quotes}.,;:!?。，；：！？、()[]{}<>*_\`~$|-–—•·#`)

/** The text without white space, quotes, brackets and marks at its ends. */
export function trimmedEnds(text: string): string {
  let [from, to] = [0, text.length]
  while (from < to && ends.has(text[from]!)) from += 1
  while (to > from && ends.has(text[to - 1]!)) to -= 1
  return text.slice(from, to)
}
