package vfs

// Plan 9 has neither hard links nor errors with numbers, both of which this
// package builds on. This undeclared name makes the build say so.
var _ = fileops_does_not_support_Plan_9
