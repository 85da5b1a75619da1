#include "responder/run.h"

int main(int count, char **words)
{
  return ow_responder_run(count, words);
}
