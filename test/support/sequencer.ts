import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take half a minute or more, the longest first. */
const longest = [
  ...[
    'loop',
    'runtime-python',
    'compare',
    'students',
    'llm-run',
    'local-teacher',
    'recipe',
    'bundle',
    'generate',
    'scorer-robust',
  ],
  ...[
    'generate-kills',
    'runtime-process',
    'command-deaths',
    'critic-paid',
    'outer-signals',
    'fakes',
    'report-analyse',
    'provision',
  ],
]

/**
 * The longest files begin first, so that none is left for the end, when all other workers are idle. All others come in vitest's own order:
 * by project, and in each what took longest last time, else the largest file.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = longest.indexOf(basename(moduleId, '.test.ts'))
      return place < 0 ? longest.length : place
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
