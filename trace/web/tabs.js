/** Makes a tab list work with mouse and keyboard; `onShow` hears the pane that is shown. */
export function createTabs(list, onShow) {
  const tabs = [...list.querySelectorAll('[role="tab"]')]
  const pane = (tab) => document.getElementById(tab.getAttribute('aria-controls'))

  function show(chosen, focus = false) {
    for (const tab of tabs) {
      const is = tab === chosen
      tab.setAttribute('aria-selected', String(is))
      tab.tabIndex = is ? 0 : -1
      pane(tab).hidden = !is
    }
    if (focus) chosen.focus()
    onShow(pane(chosen))
  }
  for (const tab of tabs) tab.addEventListener('click', () => show(tab))
  list.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by) show(tabs[(tabs.indexOf(document.activeElement) + by + tabs.length) % tabs.length], true)
  })
}
