const names = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/**
 * The commands of LaTeX that begin like an escape of JSON: those of KaTeX 0.19 and MathJax 3.2, and those of LaTeX itself that stand in
 * running text. (`\u` needs none: what follows it is four hexadecimal digits, and no command is spelled with those, or it is no JSON.)
 */
export const latexCommands = names(`
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
export const wordlikeCommands = names(`
  ncong ne neg neq nexists ngeq ngtr ni nleq nless nmid node norm not nparallel nprec nsim nsubset nsucc nsupset nu null num nrightarrow
  nleftarrow nuparrow ndownarrow tag tan tanh tau text tfrac tg th thanks title to toggle top tr trace tt
`)
