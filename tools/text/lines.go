package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

const lineBytesMax = 1 << 20

// Goes through a text line by line, without their ends.
func newLines(text io.Reader) *bufio.Scanner {
	lines := bufio.NewScanner(text)
	lines.Buffer(make([]byte, 64<<10), lineBytesMax)
	return lines
}

// What went wrong while lines were read, in words for the user.
func linesError(path string, err error) error {
	if errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("Not a text: %s has a line of more than 1 MiB", path)
	}
	if err != nil {
		return cannotRead(path, err)
	}
	return nil
}
