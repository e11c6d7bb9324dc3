/** Makes a tab list work with mouse and keyboard; `onShow` is called when another pane is shown. */
export function createTabs(list: HTMLElement, onShow: () => void): void {
  const tabs = [...list.querySelectorAll<HTMLElement>('[role="tab"]')]
  const pane = (tab: HTMLElement) => document.getElementById(tab.getAttribute('aria-controls')!)!

  function show(chosen: HTMLElement, focus = false): void {
    for (const tab of tabs) {
      const is = tab === chosen
      tab.setAttribute('aria-selected', String(is))
      tab.tabIndex = is ? 0 : -1
      pane(tab).hidden = !is
    }
    if (focus) chosen.focus()
    onShow()
  }
  for (const tab of tabs) tab.addEventListener('click', () => show(tab))
  list.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key as string]
    if (by) show(tabs[(tabs.indexOf(document.activeElement as HTMLElement) + by + tabs.length) % tabs.length]!, true)
  })
}
