import type { Contrasts } from '../contrasts.ts'
import { absent, type Blocks, figures, heading, note } from '../document/document.ts'
import { numberText } from '../text/format.ts'
import { labelOf } from '../text/names.ts'

/** What the arms replied, where the log says it: how often each gave its modal answer, and what of its replies is no answer, by why. */
export function replied({ replies, trivial }: Contrasts): Blocks {
  if (!trivial)
    return absent(
      'What an answer that needs no student scores, and what the replies were like, is not in this run, which was made before that was recorded.',
    )
  return [
    heading(3, 'What the arms replied'),
    figures(
      ['Arm', 'Replies', 'Its most frequent answer', 'Empty', 'Cut', 'A copy', 'No answer in form'],
      replies.map(({ arm, replies: all, items, noAnswer, modal, modalAnswer, collapsed }) => [
        labelOf(arm),
        numberText(all),
        `${numberText(modal)} of ${numberText(items)}${modalAnswer === null ? '' : ` (“${modalAnswer}”)`}${collapsed > 0 ? ', collapsed' : ''}`,
        ...(['empty', 'truncated', 'echo', 'formless'] as const).map((why) => numberText(noAnswer[why])),
      ]),
    ),
    note(
      'Replies that are not right, by why they are no answers: empty, cut at the token limit, a copy of the question, or without an answer that ' +
        'the scorer reads (of labels: none of them). The most frequent answer is that of the adapter that gives it most often. An adapter has collapsed ' +
        'where it gives that answer to nine in ten or more of the items that it is wrong for, and these are a fifth of all or more. A claim against ' +
        'an arm holds only where most of its replies are answers, and with the final’s own results in place of those that are none.',
    ),
  ]
}
