import { BaseSequencer, type TestSpecification } from 'vitest/node'

const longestFirst = ['e2e', 'integration', 'unit']

/**
 * The projects whose files take minutes begin first, so that no long file is left for the end, when all other workers are idle. Within a
 * project, vitest's own order: what took longest last time, else the largest file.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification) => longestFirst.indexOf(project.name)
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
