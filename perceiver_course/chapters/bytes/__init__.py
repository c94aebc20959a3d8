"""Chapter: tokenizer and text preprocessor."""
