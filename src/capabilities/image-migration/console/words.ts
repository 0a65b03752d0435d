import { useTranslation } from 'react-i18next'

/** The words of the image pages. */
export const useWords = () => useTranslation('image-migration').t
