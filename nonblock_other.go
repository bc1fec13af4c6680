//go:build !unix

package fileops

// These are 0 where no file makes its opener wait, and where links are
// followed whatever one says.
const openNonblock, openDirectory, openNoFollow = 0, 0, 0
