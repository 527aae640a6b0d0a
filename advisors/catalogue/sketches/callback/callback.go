// Package callback has functions that JavaScript calls, on js alone.
package callback
