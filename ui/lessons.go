package ui

import "hlrslab/core/search"

// Lesson is a short text that ends in a question which runs answer.
type Lesson struct {
	ID, Title string
	Text      []string
	Formulas  []Formula
	Question  string
	Trials    []Trial
	Answer    func(records map[string]search.Record) (text string, done bool)
}

// Formula is MathML with the sentence that reads it aloud.
type Formula struct{ MathML, Says string }

// Trial is one experiment: fields over the preset small, by their names.
type Trial struct {
	Name, Note string
	Set        map[string]string
}

// Lessons in order.
var Lessons []Lesson
