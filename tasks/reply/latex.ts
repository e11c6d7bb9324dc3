/** An escape of a JSON string: legal ones that are no letter, `\b \f \n \r \t` with the letters behind them, and any other. */
const escapeSequence = /\\(?:u[\da-fA-F]{4}|["/]|(\\)|([bfnrt])([A-Za-z]*)|([\s\S]))/g

/** What a writer does with the backslashes of LaTeX, as the whole object shows: two for one, as JSON wants it, or one. */
type Habit = { doubles: boolean; single: boolean }

/**
 * The strings of one JSON object, as they stand between their quotes, with the backslashes doubled that their writer forgot to double.
 *
 * Models write `"\sqrt{2}"`, which JSON refuses, and `"\frac{1}{2}"` or `"$a \neq b$"`, which it reads as a form feed or a line end and the
 * rest of the word. An escape that JSON does not have is always meant as a backslash. One that it has, and that stands for a character
 * which no text holds before a letter (`\b`, `\f`, `\r`), is a command where it completes one. A line end or a tab is one where it
 * completes a command whose rest is no word (`\times`: no column begins with "imes"). Where the rest may be a word (`\nu`, `\text`), it is
 * one inside mathematics, with an argument, or where no line could end. All other JSON stays as it is. (Writers do both at once: a decoder
 * that is held to JSON lets them write `\neq`, and makes them write `\\alpha`.)
 */
export function latexIn(strings: readonly string[]): string[] {
  if (!strings.some((text) => text.includes('\\'))) return [...strings]
  const habit = habitOf(strings)
  return strings.map((text) => (text.includes('\\') ? withLatex(text, habit) : text))
}

function habitOf(strings: readonly string[]): Habit {
  const habit = { doubles: false, single: false }
  for (const text of strings) {
    for (const { 0: found, 1: backslash, 2: letter, 3: rest, 4: other, index } of text.matchAll(escapeSequence)) {
      if (backslash && /^[A-Za-z]{2}/.test(text.slice(index + found.length, index + found.length + 2)))
        habit.doubles = true
      if (other && other !== "'") habit.single = true
      if (letter === 'b' || letter === 'f') habit.single ||= latexCommands.has(`${letter}${rest}`)
    }
  }
  return habit
}

function withLatex(text: string, habit: Habit): string {
  const spans = mathSpans(text)
  let next = 0
  return text.replaceAll(escapeSequence, (whole, backslash, letter, rest, other, at: number) => {
    while (next < spans.length && spans[next]!.to <= at) next++
    const span = spans[next]
    const math = span && span.from <= at ? span : null
    if (other === "'") return other
    if (other !== undefined) return `\\${whole}`
    // A row of a matrix ends in two backslashes, of which JSON would leave one.
    if (backslash)
      return math && habit.single && !habit.doubles && /^[\s&[]/.test(text.slice(at + 2)) ? `\\\\${whole}` : whole
    if (!letter || (rest === '' && letter !== 'b' && letter !== 'f')) return whole
    return isCommand({ letter, rest, at, text, math, habit }) ? `\\${whole}` : whole
  })
}

type Place = { letter: string; rest: string; at: number; text: string; math: Span | null; habit: Habit }

function isCommand({ letter, rest, at, text, math, habit }: Place): boolean {
  const known = latexCommands.has(letter + rest)
  if (letter === 'b' || letter === 'f') return known || math !== null || habit.single
  if (letter === 'r') return known || math !== null
  if (!known) return letter === 't' && math !== null && !math.isDisplay && habit.single
  if (!wordlikeCommands.has(letter + rest)) return true
  // A line does not end in one blank, nor in the middle of a term.
  const before = text.slice(Math.max(0, at - 2), at)
  const isInside = /[^\s\\] $/.test(before)
  if (math && !math.isDisplay) return true
  if (math) return (isInside || !habit.doubles) && (letter === 't' || !startsLine(text, at, math))
  const behind = text[at + 2 + rest.length] ?? ' '
  if (behind === '{') return rest.length > 1
  if (habit.single && letter === 't') return true
  // No row begins with a tab.
  if (at === 0) return (letter === 't' && rest.length > 1) || habit.single
  if (isInside) return /[\s\d\\({=]/.test(behind)
  return habit.single && (/[=^_]$/.test(before) || (/[({]$/.test(before) && /[})_^]/.test(behind)))
}

/** Whether a line end is to be expected here: the mathematics stands on lines of its own, or another one ends just before. */
const startsLine = (text: string, at: number, { from, to, isDisplay }: Span): boolean => {
  const before = text.slice(from, at).trimEnd()
  if (before.endsWith('\\n') || before.endsWith('\\\\')) return true
  return before === '' && isDisplay && /\\n\s*$/.test(text.slice(at + 2, to))
}

/** Mathematics in a string, its delimiters not counted. */
type Span = { from: number; to: number; isDisplay: boolean }

/** Delimiters, with one backslash or two (four are two of the text), and line ends, which no mathematics inside a line has. */
const delimiter = /\\\\\\\\|\\{1,2}[()[\]]|\\{1,2}(?:begin|end)\{([A-Za-z]+)\*?\}|\\(n[A-Za-z]*)|\\[\s\S]|\n|\$\$|\$/g
const mathematical = /matri|array|align|equation|cases|gather|split|multline|math/
const closerOf: Readonly<Record<string, string>> = { '(': ')', '[': ']', $: '$', $$: '$$' }

/** Spans of mathematics from left to right, in one pass. A dollar opens and closes as in Pandoc, so that prices are none. */
function mathSpans(text: string): Span[] {
  const spans: Span[] = []
  let open: { from: number; closer: string; isDisplay: boolean } | null = null
  for (const { 0: found, 1: environment, 2: word, index } of text.matchAll(delimiter)) {
    const from = index + found.length
    if (found === '\n' || (word !== undefined && !latexCommands.has(word))) {
      if (open && !open.isDisplay) open = null
      continue
    }
    const mark = environment
      ? found.includes('begin{')
        ? `begin ${environment}`
        : `end ${environment}`
      : found.replace(/^\\+/, '')
    if (open && mark === open.closer && (mark !== '$' || closesHere(text, index))) {
      spans.push({ from: open.from, to: index, isDisplay: open.isDisplay })
      open = null
    } else if (environment ? mark.startsWith('begin') && mathematical.test(environment) && !open : closerOf[mark]) {
      if (mark === '$' ? !opensHere(text, from) || (open && open.closer !== '$') : open && mark !== '$$') continue
      open = {
        from,
        closer: environment ? `end ${environment}` : closerOf[mark]!,
        isDisplay: mark !== '$' && mark !== '(',
      }
    }
  }
  return spans
}

/** What programs write `${name}` is no mathematics either. */
const opensHere = (text: string, from: number) => /^(?:[^\s${]|\{[^A-Za-z])/.test(text.slice(from, from + 2))
const closesHere = (text: string, at: number) => !/\s/.test(text[at - 1] ?? '') && !/\d/.test(text[at + 1] ?? '')

const names = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/**
 * The commands of LaTeX that begin like an escape of JSON: those of KaTeX 0.19 and MathJax 3.2, and those of LaTeX itself that stand in
 * running text. (`\u` needs none: what follows it is four hexadecimal digits, and no command is spelled with those, or it is no JSON.)
 */
const latexCommands = names(`
  backepsilon backprime backsim backsimeq backslash bar barwedge bbox bcancel because begin begingroup beta beth between bf bfseries bgroup
  bibitem bibliography bibliographystyle big bigbreak bigcap bigcirc bigcup bigg biggl biggm biggr bigl bigm bigodot bigoplus bigotimes
  bigr bigskip bigsqcup bigstar bigtimes bigtriangledown bigtriangleup biguplus bigvee bigwedge binom blacklozenge blacksquare
  blacktriangle blacktriangledown blacktriangleleft blacktriangleright blue bm bmatrix bmod bold boldsymbol bot bottomrule bowtie box
  boxdot boxed boxminus boxplus boxtimes bra brace brack braket breve bull bullet bumpeq
  fallingdotseq fbox fboxrule fboxsep fcolorbox fi fill flat flatfrac flushleft flushright fnsymbol fontfamily fontsize footnote
  footnotemark footnotesize footnotetext forall frac frak frame framebox frown
  nLeftarrow nLeftrightarrow nRightarrow nVDash nVdash nabla natnums natural ncong ndownarrow ne nearrow neg negmedspace negthickspace
  negthinspace neq newcommand newcounter newenvironment newlength newline newpage newtheorem nexists ngeq ngeqq ngeqslant ngtr ni nicefrac
  nleftarrow nleftrightarrow nleq nleqq nleqslant nless nmid nobreak nobreakspace nocite node noexpand noindent nolimits nolinebreak
  nonscript nonumber nopagebreak norm normalfont normalsize not notag notin notni nparallel nprec npreceq nrightarrow nshortmid
  nshortparallel nsim nsubset nsubseteq nsubseteqq nsucc nsucceq nsupset nsupseteq nsupseteqq ntriangleleft ntrianglelefteq ntriangleright
  ntrianglerighteq nu null num numcases nuparrow nvDash nvdash nwarrow
  rArr rBrace rVert raggedleft raggedright raise raisebox rang rangle rank rarr ratio rbrace rbrack rceil re real reals red ref reflectbox
  refstepcounter relax relbar renewcommand renewenvironment resizebox restriction rfloor rgroup rhd rho right rightarrow rightarrowtail
  rightharpoondown rightharpoonup rightleftarrows rightleftharpoons rightrightarrows rightsquigarrow rightthreetimes risingdotseq rlap rm
  rmfamily rmoustache roman root rotatebox row rowcolor rparen rq rrbracket rtimes rule rvert
  tableofcontents tabcolsep tag tan tangent tanh tau tbinom text textasciicircum textasciitilde textasteriskcentered textbackslash textbar
  textbf textbraceleft textbraceright textbullet textcelsius textcent textcircled textcolor textcopyright textdagger textdegree textdiv
  textdollar textellipsis textemdash textendash texteuro textgreater textit textless textmd textmu textnormal textohm textonehalf textpm
  textquotedblleft textquotedblright textquoteleft textquoteright textregistered textrightarrow textrm textsc textsf textsl textsterling
  textstyle textsubscript textsuperscript texttimes texttrademark texttt textunderscore textup textwidth textyen tfrac tg th thanks
  thepage therefore theta thetasym thickapprox thicksim thickspace thinspace thispagestyle tikz tilde times tiny title to today toggle top
  toprule tr trace triangle triangledown triangleleft trianglelefteq triangleq triangleright trianglerighteq tripledash tt ttfamily
  twoheadleftarrow twoheadrightarrow typeout
`)

/** Those of `\n` and `\t` whose rest is a word or a usual name: a line or a column may begin with it. */
const wordlikeCommands = names(`
  ncong ne neg neq nexists ngeq ngtr ni nleq nless nmid node norm not nparallel nprec nsim nsubset nsucc nsupset nu null num nrightarrow
  nleftarrow nuparrow ndownarrow tag tan tanh tau text tfrac tg th thanks title to toggle top tr trace tt
`)
