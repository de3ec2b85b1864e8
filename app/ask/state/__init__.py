"""What kind of answer it is: do the documents agree, are they in force, is a part missing?"""
