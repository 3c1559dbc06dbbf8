"""
What AllenNLP's training needs of ours: metrics.
"""
