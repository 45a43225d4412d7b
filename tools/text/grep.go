package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

const (
	matchesUsual   = 100
	matchesMost    = 10_000
	shownBytesMost = 4 << 10 // of a line that matches
)

var grep = operation{
	summary: "Finds the lines of a text file that a regular expression matches.",
	args: schema(document{
		"path":    pathArg,
		"pattern": document{"type": "string", "description": "a regular expression (RE2)"},
		"ignore_case": document{
			"type": "boolean", "description": "take small and capital letters for the same"},
		"max": document{"type": "integer", "minimum": 1, "maximum": matchesMost,
			"description": "lines to find at most, 100 unless given"},
	}, "path", "pattern"),
	run: func(request document) (document, error) {
		pattern, err := compilePattern(request)
		if err != nil {
			return nil, err
		}
		most, err := wholeNumber(request, "max", matchesUsual, 1, matchesMost)
		if err != nil {
			return nil, err
		}
		file, err := openFile(request)
		if err != nil {
			return nil, err
		}
		defer file.Close()

		matches := []any{}
		lines := newLines(file)
		for number := int64(1); lines.Scan(); number++ {
			if !pattern.Match(lines.Bytes()) {
				continue
			}
			if int64(len(matches)) == most {
				return document{"matches": matches, "more": true}, nil
			}
			matches = append(matches, document{"line": number, "text": shown(lines.Text())})
		}
		if err := linesError(file.Name(), lines.Err()); err != nil {
			return nil, err
		}
		return document{"matches": matches, "more": false}, nil
	},
}

func compilePattern(request document) (*regexp.Regexp, error) {
	text, given := request["pattern"].(string)
	if !given || text == "" {
		return nil, errors.New("Missing pattern")
	}
	if ignore, _ := request["ignore_case"].(bool); ignore {
		text = "(?i)" + text
	}
	pattern, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("Invalid pattern: %w", err)
	}
	return pattern, nil
}

// A line as a reply may hold it: text, and not too much of it.
func shown(line string) string {
	if len(line) > shownBytesMost {
		line = line[:shownBytesMost] + "…"
	}
	return strings.ToValidUTF8(line, "\uFFFD")
}
