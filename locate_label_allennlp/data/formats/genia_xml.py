"""The XML of the GENIA term and event corpora."""

from typing import ClassVar, Iterator, Optional, Tuple

from overrides import overrides

from locate_label_allennlp.data.document import Document
from locate_label_allennlp.data.formats.corpus_files import CorpusFile
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat, Tally
from locate_label_allennlp.data.formats.genia_parser import GeniaParser
from locate_label_allennlp.data.formats.running_text import RunningTextFormat, Splitting


@CorpusFormat.register("genia_xml")
class GeniaXmlFormat(RunningTextFormat):
    """
    Sentences with terms inside terms. The five types of the benchmark are made of the ontology's:
    `Protein_*` `protein`, `DNA_*` `DNA`, `RNA_*` `RNA`, `Cell_natural` (`cell_type`) `cell_type`,
    `Cell_cultured` (`cell_line`) `cell_line`; other terms are no entities.

        <sentence id="S1">The <term sem="DNA_domain_or_region" lex="Xyz1_promoter"><term
        sem="Protein_molecule" lex="Xyz1">Xyz1</term> promoter</term> binds.</sentence>

    Both corpora are read: the event corpus (`term`, coordinations in `cons` with `frag`, a file an
    abstract: `GENIAcorpus_event.tar.gz` as it is), and the term corpus (`cons`, one file of all
    abstracts). Sentences are the corpus's own, words by `splitting`. A document's text is its
    sentences, a line each.

    # Parameters

    benchmark_terms : `bool`, optional (default = `True`)
        Whether to take only terms with a `lex`, as the benchmark does. Those without were added
        later, or are parts of coordinations.
    coordinations : `bool`, optional (default = `True`)
        Whether to take the terms of coordinations ("A and B cells": "A cells", with two fragments,
        and "B cells"), which the benchmark leaves out. Where `lex` does not tell which
        fragments a term has, it is left out, counted and logged.
    splitting : `Splitting`, optional (default = `Splitting()`, English by spaCy's rules)
        Terms often end inside a word (`Xyz1-dependent`): `inside_words` matters here.
    """

    suffixes: ClassVar[Tuple[str, ...]] = (".xml",)

    def __init__(
        self,
        benchmark_terms: bool = True,
        coordinations: bool = True,
        splitting: Optional[Splitting] = None,
    ) -> None:
        self._benchmark_terms = benchmark_terms
        self._coordinations = coordinations
        super().__init__(splitting)

    @overrides
    def read_file(self, file: CorpusFile, tally: Tally) -> Iterator[Document]:
        parser = GeniaParser(file.name, tally, self._benchmark_terms, self._coordinations)
        for abstract in parser.parse(file.read_bytes()):
            sentences = []
            for start, end in abstract.sentences:
                parts = self._splitting.text_splitter.spans(abstract.text[start:end])
                words = [(start + left, start + right) for part in parts for left, right in part]
                if words:
                    sentences.append(words)
            yield self._splitting.document(
                abstract.text,
                abstract.mentions,
                file.name,
                tally,
                doc_id=abstract.name,
                sentences=sentences,
            )
