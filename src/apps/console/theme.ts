/** Mantine with our sizes and without anything that needs an inline style sheet. Colors are CSS variables: see console-kit/theme.css. */
import { createTheme, Drawer, Menu, Modal, Popover, Select, Tooltip } from '@mantine/core'

const QUICK = { transitionProps: { duration: 100 } }

export const theme = createTheme({
  primaryColor: 'blue',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Locking the scroll writes a style sheet into the page, which the CSP refuses.
    Modal: Modal.extend({ defaultProps: { lockScroll: false, ...QUICK, centered: true } }),
    Drawer: Drawer.extend({ defaultProps: { lockScroll: false, ...QUICK } }),
    Popover: Popover.extend({ defaultProps: { ...QUICK, shadow: 'md' } }),
    // In the bar it belongs to, a landmark; and its first focus is an item, not a placeholder that is no menu item.
    Menu: Menu.extend({ defaultProps: { ...QUICK, shadow: 'md', withinPortal: false, withInitialFocusPlaceholder: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { ...QUICK, openDelay: 300 } }),
    Select: Select.extend({ defaultProps: { allowDeselect: false, checkIconPosition: 'right' } }),
  },
})
