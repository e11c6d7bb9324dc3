import { expect, test } from 'vitest'
import { endingOf, whyIncomplete } from '../../../tasks/reply/ending.ts'

test.each(
  [
    ...[
      'stop',
      'STOP',
      'FINISH_REASON_STOP',
      'FinishReason.STOP',
      'end_turn',
      'eos',
      'eos_token',
      'stop_sequence',
      'tool_calls',
    ],
    ...[
      'function_call',
      'COMPLETE',
      'completed',
      '',
      ' stop ',
      null,
      undefined,
      1,
      true,
      {},
      'null',
      'FINISH_REASON_UNSPECIFIED',
    ],
    // LM Studio, Aleph Alpha, AI21, Titan, and servers that give the token itself.
    ...['eosFound', 'stopStringFound', 'end_of_text', 'endoftext', 'stop_sequence_reached', 'STOP_CRITERIA_MET'],
    ...['<|im_end|>', '</s>', '<|eot_id|>', 'stop:eos', 'stop_token_ids', 'eos_token_id', 'end_of_message', 'FINISHED'],
    // Replicate, watsonx, Baidu, xAI, Nova, Llama, DeepSeek, EXAONE, LM Studio, Bedrock's agents, and what gateways make of them.
    ...[
      'succeeded',
      'SUCCEEDED',
      'stopped',
      'Stopped',
      'done',
      'DONE',
      'normal',
      'REASON_STOP',
      'REASON_TOOL_CALLS',
      'endTurn',
    ],
    ...[
      '<|eom_id|>',
      '<｜end▁of▁sentence｜>',
      '[|endofturn|]',
      '<end_of_turn>',
      '<eos>',
      'END_OF_SEQUENCE',
      'tool_use',
      'toolUse',
    ],
    ...[
      'stop_reason_eos',
      'stop_seq',
      'stop_words',
      'stop_str',
      'matched_stop',
      'completed_successfully',
      'COMPLETED_NORMALLY',
    ],
    ...['function_calls', 'FINISH', 'Completed', 'natural_stop', 'EOS_TOKEN', 'STOP_SEQUENCE', 'ended', 'success'],
  ].map((finish) => [finish]),
)('%j ends a whole reply', (finish) => {
  expect(whyIncomplete(endingOf(finish))).toBeNull()
})

test.each([
  ...[
    'length',
    'max_tokens',
    'MAX_TOKENS',
    'FinishReason.MAX_TOKENS',
    'model_length',
    'model_context_window_exceeded',
    'max_output_tokens',
  ],
  ...['maxPredictedTokensReached', 'contextLengthReached', 'maximum_tokens', 'stop_max_tokens', 'time_limit'],
  ...['token_limit', 'TRUNCATED', 'context_length_exceeded', 'incomplete'],
])('%s cuts a reply off', (finish) => {
  expect(endingOf(finish)).toEqual({ truncated: true })
  expect(whyIncomplete(endingOf(finish))).toContain('cut off at the token limit')
})

test.each([
  ...[
    'error',
    'content_filter',
    'content_filter: SAFETY',
    'SAFETY',
    'RECITATION',
    'BLOCKLIST',
    'OTHER',
    'sensitive',
    'network_error',
    'abort',
  ],
  ...['insufficient_system_resource', 'cancelled', 'LANGUAGE', 'repetition', 'unknown', 'nobody knows'],
  ...['userStopped', 'unfinished', 'not_finished', 'failed', 'load', 'end_of_quota', 'stopped_by_user', 'finish_error'],
  ...[
    'ended_early',
    'stop_early',
    'stop_refusal',
    'end_error',
    'not_completed',
    'stopped_unexpectedly',
    'unsuccessful',
    'partial',
  ],
  ...[
    'completed_with_errors',
    'client_stopped',
    'stop_generation',
    'modelUnloaded',
    'unload',
    'pause_turn',
    'REASON_INVALID',
  ],
])('%s ends it early, and its word is told', (finish) => {
  expect(whyIncomplete(endingOf(finish))).toContain(`("${finish}")`)
})

test('where no reason is given, a reply with as many tokens as were allowed is cut off', () => {
  expect(endingOf(null, true)).toEqual({ truncated: true })
  expect(endingOf('stop', true)).toEqual({ truncated: false })
})

test('a strange word is shown shortened, without what a terminal obeys', () => {
  expect(whyIncomplete(endingOf('x'.repeat(1e6)))!.length).toBeLessThan(200)
  expect(endingOf('\u001b[31mred\u202e')).toEqual({ truncated: false, stopped: ' 31mred ' })
})
