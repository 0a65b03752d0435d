// Runs before the first paint, so that neither theme, density nor language flashes. A file of its own because the CSP allows no inline script.
;(() => {
  const root = document.documentElement
  let stored = {}
  try {
    stored = {
      scheme: localStorage.getItem('mantine-color-scheme-value'),
      density: localStorage.getItem('sallyport-density'),
      language: localStorage.getItem('sallyport-language'),
    }
  } catch {}
  const dark = stored.scheme === 'dark' || (stored.scheme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.dataset.mantineColorScheme = dark ? 'dark' : 'light'
  root.dataset.density = stored.density === 'roomy' ? 'roomy' : 'dense'
  root.lang = stored.language || (/^zh/i.test(navigator.language) ? 'zh-CN' : 'en')
})()
