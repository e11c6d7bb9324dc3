import { h } from './dom.ts'

/** A button that copies a text; what became of it stands on it for a moment, where a screen reader finds it too. */
export function copyButton(name: string, text: () => string): HTMLButtonElement {
  const button = h('button.small', { type: 'button', 'aria-live': 'polite' }, name)
  let back: ReturnType<typeof setTimeout> | undefined
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text())
      button.textContent = 'Copied'
    } catch {
      button.textContent = 'The browser refused'
    }
    clearTimeout(back)
    back = setTimeout(() => {
      button.textContent = name
    }, 1500)
  })
  return button
}
