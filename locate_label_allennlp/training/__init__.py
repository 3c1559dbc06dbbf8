"""
What AllenNLP's training needs of ours: metrics, trainer, optimizer, learning rate schedule.
"""
