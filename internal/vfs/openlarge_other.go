//go:build !linux

package vfs

const openLarge = 0 // Linux alone needs such a flag
