import { useTranslation } from 'react-i18next'

export const useWords = () => useTranslation('workloads').t
export type Words = ReturnType<typeof useWords>
