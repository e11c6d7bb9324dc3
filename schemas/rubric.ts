import { z } from 'zod'

const extension = String.raw`\.(?:md|txt|rst|adoc|json|jsonl|ya?ml|toml|csv|j2|jinja2?|tmpl|prompt|html?|docx?|pdf)`
const forms = [
  String.raw`file:\/\/\S+`,
  // From the root, the home or the current folder: two parts, or one with an extension; `/no_think` is none.
  String.raw`(?:~|\.{1,2})\/\S+`,
  String.raw`\/[^\s/]+\/\S*`,
  String.raw`(?:~|\.{1,2})?\/[^\n]{0,200}\.\w{1,8}`,
  String.raw`(?:[a-z]:[\\/]|\\\\)[^\n]{1,200}`,
  // A name with an extension, of at most three words.
  String.raw`@?(?:[^\s]+ ){0,2}[^\s]*[^\s.]${extension}`,
  String.raw`\$\{?\w+\}?\/\S+`,
]
const path = new RegExp(`^(?:${forms.join('|')})$`, 'i')

/** Whether a text that is meant for a reader is more likely the path of a file: one line, and nothing but it. */
export const isPathLike = (text: string): boolean => path.test(text.trim())

/** What a judge scores rows by, from 1 to 5, as text. In a file, the name of a text file beside it may stand for its content. */
export const Rubric = z
  .string()
  .max(20_000)
  .regex(/\S/, 'must hold some words')
  .refine((text) => rubricFileOf(text) !== null || !isPathLike(text), {
    error:
      'looks like the path of a file, and would be given to the judge as it stands: write the words themselves, or the name of a .md or .txt file beside this one (rubric.md)',
  })

/** The file that a rubric names: one word that ends in .md or .txt; null for the words themselves. */
export const rubricFileOf = (rubric: string): string | null => (/^\S+\.(md|txt)$/i.test(rubric) ? rubric : null)
