package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

var pathArg = document{"type": "string", "description": "the text file"}

// The file at `path`, open. Only a regular one: opening a FIFO would wait for its other end.
func openFile(request document) (*os.File, error) {
	path, given := request["path"].(string)
	if !given || path == "" {
		return nil, errors.New("Missing path")
	}
	if strings.ContainsRune(path, 0) {
		return nil, errors.New("Invalid path: it has a NUL")
	}
	status, err := os.Stat(path)
	if err == nil && !isRegular(status) {
		return nil, fmt.Errorf("Not a regular file: %s", path)
	}
	var file *os.File
	if err == nil {
		file, err = os.Open(path)
	}
	if err != nil {
		return nil, cannotRead(path, err)
	}
	return file, nil
}

// WASI has no word for a FIFO, and Go takes what it does not know for a regular file.
func isRegular(status os.FileInfo) bool {
	system, known := status.Sys().(*syscall.Stat_t)
	return known && system.Filetype == syscall.FILETYPE_REGULAR_FILE
}

func cannotRead(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("Cannot read %s: %w", path, err)
}

// A whole number between these bounds, or `otherwise` where there is none.
func wholeNumber(request document, name string, otherwise, least, most int64) (int64, error) {
	value := otherwise
	switch given := request[name].(type) {
	case nil:
	case int64:
		value = given
	case uint64:
		value = int64(min(given, 1<<62))
	default:
		value = least - 1
	}
	if value < least || value > most {
		return 0, fmt.Errorf("Invalid value of %q: it takes a whole number from %d to %d",
			name, least, most)
	}
	return value, nil
}
