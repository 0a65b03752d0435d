import { MantineProvider } from '@mantine/core'
import { MutationCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './mantine.css'
import '#kits/console-kit/theme.css'
import { asApiError } from '#kits/console-kit/api.ts'
import { initI18n, initialLanguage } from '#kits/console-kit/i18n.ts'
import { CAPABILITIES } from './capabilities.ts'
import en from './locales/en.json' with { type: 'json' }
import zh from './locales/zh-CN.json' with { type: 'json' }
import { createConsoleRouter } from './router.tsx'
import { SessionProvider } from './session.tsx'
import { theme } from './theme.ts'

initI18n(initialLanguage(), {
  shell: { en, 'zh-CN': zh },
  ...Object.fromEntries(CAPABILITIES.map(({ capability, door }) => [capability.id, door.locales])),
})

const RETRIES = 2
const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: false,
      // What may pass by itself is asked again; a refusal is not.
      retry: (failures, error) => failures < RETRIES && ['UNREACHABLE', 'ENGINE_UNAVAILABLE'].includes(asApiError(error).code),
    },
  },
  mutationCache: new MutationCache(),
})
const router = createConsoleRouter(CAPABILITIES)

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    {/* The variables stand in a style sheet: what Mantine would put into the page itself, the CSP refuses. */}
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={client}>
        <SessionProvider>
          <RouterProvider router={router} />
        </SessionProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
